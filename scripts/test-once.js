// Runs all tests, unless they have just been run: CI does so before the rest of the gate, with `TESTED=true`.
import { spawnSync } from 'node:child_process'

if (process.env.TESTED) console.log('The tests were run before.')
else process.exitCode = spawnSync('npm', ['test'], { stdio: 'inherit' }).status ?? 1
