import { avatar } from './avatar.js'
import { byId, make } from './dom.js'

/** How many people are shown. */
const SHOWN = 12

/** Shows who is in the room, ourselves first. Who is cut off is pale until they are back. */
export function showPeople(people, myId) {
  const ordered = [...people].sort((a, b) => (b.id === myId) - (a.id === myId))
  const rows = ordered.slice(0, SHOWN).map(({ id, name, away }) => {
    const words = `${name}${id === myId ? ' (you)' : ''}${away ? ', away' : ''}`
    return make('li', { class: away ? 'away' : undefined }, avatar(name), make('span', {}, words))
  })
  const more = ordered.length - SHOWN
  if (more > 0) rows.push(make('li', { class: 'more' }, `+${more}`))
  byId('people').replaceChildren(...rows)
}
