import { avatar, hueOf } from './avatar.js'
import { make } from './dom.js'

const clock = (at) => new Date(at).toTimeString().slice(0, 5)
const states = {
  queued: 'Waiting for the connection',
  held: 'Waiting for the connection',
  sent: 'Sending',
  delivered: 'Delivered',
  refused: 'Refused',
  lost: 'Not delivered',
  unknown: 'Unknown whether it was delivered',
}

/** A note about the room or the connection. */
export function noteRow(text, kind) {
  return make('li', { class: `note ${kind}` }, make('span', {}, text))
}

/** A message of somebody else, or one of ours from before this page was loaded. */
export function receivedRow({ from, text, at, bytes, mime, name }, own) {
  const row = make('li', { class: own ? 'message own' : 'message', 'data-from': own ? 'me' : from.id })
  row.style.setProperty('--hue', hueOf(from.name))
  const body = bytes ? pictureBody(bytes, mime, `Picture from ${from.name}: ${name}`) : textBody(text)
  row.append(
    avatar(from.name),
    make('div', { class: 'bubble' }, make('b', { class: 'from' }, from.name), body, foot(at)),
  )
  return row
}

/** A message of ours that is on its way. `update(entry)` shows its state; `onAgain` is called to send it again. */
export function ownRow(entry, onAgain) {
  const row = make('li', { class: 'message own', 'data-from': 'me', 'data-id': entry.id })
  const body =
    entry.kind === 'image'
      ? pictureBody(entry.bytes, entry.mime, `Your picture: ${entry.name}`)
      : textBody(entry.text)
  const state = make('span', { class: 'state' })
  const progress =
    entry.kind === 'image' && make('progress', { max: 1, value: 0, 'aria-label': `Sending ${entry.name}` })
  const bubble = make(
    'div',
    { class: 'bubble' },
    make('b', { class: 'from unseen' }, 'You'),
    body,
    foot(Date.now(), state),
  )
  const again = make('button', { type: 'button', class: 'again', hidden: true }, 'Send again')
  again.addEventListener('click', () => {
    again.hidden = true
    onAgain()
  })
  bubble.append(again)
  if (progress) bubble.append(progress)
  row.append(bubble)

  /** The server has received it at this time. */
  function settle(at) {
    row.dataset.placed = ''
    row.querySelector('time').replaceWith(time(at))
  }

  function update({ state: name, progress: part, words }) {
    row.dataset.state = name
    again.hidden = name !== 'lost' && name !== 'unknown'
    state.textContent = words ?? states[name]
    if (progress) {
      progress.value = part ?? 0
      progress.hidden = name !== 'sent'
    }
  }
  update(entry)
  return { row, update, settle }
}

function textBody(text) {
  return make('p', { class: 'text' }, text)
}

function pictureBody(bytes, mime, alt) {
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }))
  const image = make('img', { src: url, alt, class: 'picture' })
  image.addEventListener('error', () =>
    image.replaceWith(make('p', { class: 'text' }, 'This picture cannot be shown.')),
  )
  return image
}

const time = (at) => make('time', { datetime: new Date(at).toISOString() }, clock(at))
const foot = (at, ...more) => make('p', { class: 'foot' }, time(at), ...more)
