import { avatar } from './avatar.js'
import { byId, make } from './dom.js'

/** How many faces fit beside the title. */
const SHOWN = 5

/** Who is here, ourselves first; who was cut off is pale until they are back. */
export function showPeople(people, myId) {
  const ordered = [...people].sort((a, b) => (b.id === myId) - (a.id === myId))
  const rows = ordered.slice(0, SHOWN).map(({ id, name, away }) => {
    const words = `${name}${id === myId ? ' (you)' : ''}${away ? ', away' : ''}`
    return make(
      'li',
      { class: away ? 'away' : undefined, title: words },
      avatar(name),
      make('span', { class: 'unseen' }, words),
    )
  })
  const more = ordered.length - SHOWN
  if (more > 0) rows.push(make('li', { class: 'more' }, `+${more}`))
  byId('people').replaceChildren(...rows)
}
