import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { executable } from '../../scripts/executables.js'
import { freePort } from './free-port.ts'

export interface Nginx {
  /** The WebSocket address of its `location = /ws`. */
  url: string
  port: number
  stop: () => Promise<void>
}

/** A real nginx in front of a port of 127.0.0.1, as a LaravelS service is set up behind it. */
export async function startNginx(options: { port: number; readTimeout?: string }): Promise<Nginx> {
  const { port: backend, readTimeout = '60s' } = options
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-nginx-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  // One process, as the user who runs the tests: nothing of it needs root, and ending it by its id ends it all.
  await writeFile(
    join(folder, 'nginx.conf'),
    `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:${port};
    location = /ws {
      proxy_http_version 1.1;
      proxy_read_timeout ${readTimeout};
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_pass http://127.0.0.1:${backend};
    }
  }
}
`,
  )
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
  const nginx = spawn(await executable('nginx'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  nginx.stderr.on('data', (text) => {
    said += text
  })
  const ended = once(nginx, 'exit')
  while (!(await listens(port))) {
    if (nginx.exitCode !== null) throw new Error(`nginx did not start: ${said}`)
    await wait(10)
  }
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    port,
    stop: async () => {
      nginx.kill()
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
