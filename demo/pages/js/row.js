import { avatar, hueOf } from './avatar.js'
import { make } from './dom.js'

const clock = (at) => new Date(at).toTimeString().slice(0, 5)
const states = {
  queued: 'Waiting for the line',
  held: 'Waiting for the line',
  sent: 'Sending',
  delivered: 'Delivered',
  refused: 'Refused',
  lost: 'Not delivered',
  unknown: 'Delivered or not, nobody knows',
}

/** A line about the room or the connection. */
export function noteRow(text, kind) {
  return make('li', { class: `note ${kind}` }, make('span', {}, text))
}

/** Something said by somebody else, or by us in an earlier life of this page. */
export function saidRow({ from, text, at, bytes, mime, name }, own) {
  const row = make('li', { class: own ? 'said own' : 'said', 'data-from': own ? 'me' : from.id })
  row.style.setProperty('--hue', hueOf(from.name))
  const body = bytes ? pictureBody(bytes, mime, `Picture from ${from.name}: ${name}`) : textBody(text)
  row.append(
    avatar(from.name),
    make('div', { class: 'bubble' }, make('b', { class: 'from' }, from.name), body, foot(at)),
  )
  return row
}

/** Something of ours that is on its way. `update(entry)` follows it; `onAgain` is asked to send it once more. */
export function ownRow(entry, onAgain) {
  const row = make('li', { class: 'said own', 'data-from': 'me', 'data-id': entry.id })
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

  /** The room has it since then. */
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
