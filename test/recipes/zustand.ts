import type { SocketLike, Status } from 'holdfast'
import { create } from 'zustand'

export type Message = { text: string }
type Chat = { status: Status; messages: Message[]; say: (text: string) => void }

/**
 * A store for the life of the application. Call `socket.open()` where the application starts in the browser.
 *
 *     export const socket = new Socket<Message, Message>(url, { autoOpen: false })
 *     export const useChat = createChat(socket)
 */
export const createChat = (socket: SocketLike<Message, Message>) =>
  create<Chat>()((set) => {
    socket.on('status', ({ status }) => set({ status }))
    socket.on('json', (message) => set(({ messages }) => ({ messages: [...messages, message] })))
    return {
      status: socket.status,
      messages: [],
      say: (text) => socket.sendJson({ text }),
    }
  })
