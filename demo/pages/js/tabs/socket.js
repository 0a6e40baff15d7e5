/** Where the worker and, without sharing, each tab connects to. */
export const socketUrl = (browser) =>
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/shared?browser=${browser}`

export const socketOptions = {
  heartbeat: { ping: 'ping', pong: 'pong', interval: 5_000 },
  reconnect: { max: 3_000 },
}
