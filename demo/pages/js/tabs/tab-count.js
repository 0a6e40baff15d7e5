/**
 * Counts the open tabs of this page, which find each other through a BroadcastChannel. `onChange(count)` is
 * called with their number.
 */
export function countTabs(onChange) {
  const channel = new BroadcastChannel('holdfast tabs')
  const own = Math.random()
  const tabs = new Set([own])
  const show = () => onChange(tabs.size)

  channel.addEventListener('message', ({ data: { type, tab } }) => {
    if (type === 'closed') tabs.delete(tab)
    else tabs.add(tab)
    if (type === 'opened') channel.postMessage({ type: 'present', tab: own })
    show()
  })
  addEventListener('pagehide', () => channel.postMessage({ type: 'closed', tab: own }))
  addEventListener(
    'pageshow',
    ({ persisted }) => persisted && channel.postMessage({ type: 'opened', tab: own }),
  )
  channel.postMessage({ type: 'opened', tab: own })
  show()
}
