import { chat } from './chat/chat.ts'
import type { merge } from './options.ts'
import type { Shared } from './redis.ts'
import type { Router } from './router.ts'
import { chatRoom } from './scenarios/chat-room.ts'
import { counter } from './scenarios/counter.ts'
import { echo } from './scenarios/echo.ts'
import { guest } from './scenarios/guest.ts'
import { guestOnDemand } from './scenarios/guest-on-demand.ts'
import { live } from './scenarios/live.ts'
import { push } from './scenarios/push.ts'
import { service } from './scenarios/service.ts'
import { sharedConnection } from './scenarios/shared-connection.ts'
import { noProtocol, superchat } from './scenarios/superchat.ts'
import { upload } from './scenarios/upload.ts'
import type { Uploads } from './uploads.ts'

/** Which path is which scenario. */
export async function addScenarios(
  router: Router,
  uploads: Uploads,
  settings: ReturnType<typeof merge>,
  shared: Shared | undefined,
): Promise<void> {
  const { heartbeatIdleTime: idle, heartbeatCheckInterval: check } = settings
  /** When a visitor may restart the server again. */
  let allowedAt = 0
  const room = chat({
    store: shared?.store,
    away: settings.sessionAway,
    // A restart cuts everybody, so a single visitor must not be able to repeat it without end.
    restart: () => {
      const wait = allowedAt - Date.now()
      if (wait > 0) return wait
      allowedAt = Date.now() + settings.restartTime + settings.restartPause
      room.announce('The server restarts')
      router.restart(settings.restartTime)
      return 0
    },
  })
  await room.start()
  router.add('/chat', room)
  router.add('/echo', echo())
  router.add('/hello', echo())
  router.add('/push', push(router))
  router.add('/ws', service({ idle, check }))
  router.add('/chat-room', chatRoom())
  router.add('/guest', guest(settings.guestInterval))
  router.add('/guest-on-demand', guestOnDemand())
  router.add('/upload', upload(uploads, settings.uploadLimit))
  router.add('/shared', sharedConnection())
  router.add('/live', live())
  router.add('/counter', counter())
  router.add('/superchat', superchat())
  router.add('/no-protocol', noProtocol())
}
