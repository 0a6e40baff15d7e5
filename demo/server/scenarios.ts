import { chat } from './chat/chat.ts'
import type { Hub } from './hub.ts'
import type { merge } from './options.ts'
import type { Shared } from './redis.ts'
import { chatRoom } from './scenarios/chat-room.ts'
import { echo } from './scenarios/echo.ts'
import { guest } from './scenarios/guest.ts'
import { guestOnDemand } from './scenarios/guest-on-demand.ts'
import { push } from './scenarios/push.ts'
import { service } from './scenarios/service.ts'
import { noProtocol, superchat } from './scenarios/superchat.ts'
import { upload } from './scenarios/upload.ts'
import type { Uploads } from './uploads.ts'

/** Which path is which scenario. */
export function addScenarios(
  hub: Hub,
  uploads: Uploads,
  settings: ReturnType<typeof merge>,
  shared: Shared | undefined,
): void {
  const { heartbeatIdleTime: idle, heartbeatCheckInterval: check } = settings
  let again = 0
  const room = chat({
    store: shared?.store,
    ledger: shared?.ledger,
    neighbours: shared?.neighbours,
    // Everybody is cut by this, so one visitor with a script must not be able to keep it up.
    restart: () => {
      const wait = again - Date.now()
      if (wait > 0) return wait
      again = Date.now() + settings.restartTime + settings.restartPause
      room.announce('The server restarts')
      hub.restart(settings.restartTime)
      return 0
    },
  })
  hub.add('/chat', room)
  hub.add('/echo', echo())
  hub.add('/hello', echo())
  hub.add('/push', push(hub))
  hub.add('/ws', service({ idle, check }))
  hub.add('/chat-room', chatRoom())
  hub.add('/guest', guest(settings.guestInterval))
  hub.add('/guest-on-demand', guestOnDemand())
  hub.add('/upload', upload(uploads, settings.uploadLimit))
  hub.add('/superchat', superchat())
  hub.add('/no-protocol', noProtocol())
}
