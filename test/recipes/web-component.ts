import { Socket } from 'holdfast'

/** `<chat-status url="wss://example.com">` shows the status and the last message. */
export class ChatStatus extends HTMLElement {
  #latest = ''
  readonly #socket = new Socket(() => this.getAttribute('url') ?? '', { autoOpen: false })

  constructor() {
    super()
    this.#socket.on('status', ({ status }) => this.#show(status))
    this.#socket.on('text', (text) => this.#show(this.#socket.status, text))
  }
  #show(status: string, latest = this.#latest) {
    this.#latest = latest
    this.textContent = `${status} ${latest}`
  }
  connectedCallback() {
    this.#socket.open()
  }
  disconnectedCallback() {
    // An element that is moved is disconnected and connected again in one task.
    setTimeout(() => this.isConnected || this.#socket.close())
  }
}
