// Says in one line how the tests of vitest JSON reports went. Skipped tests count as a failure of the whole.
import { existsSync, readFileSync } from 'node:fs'

const reports = process.argv.slice(2).filter((path) => existsSync(path))
const files = reports.flatMap((path) => JSON.parse(readFileSync(path, 'utf8')).testResults)
const tests = files.flatMap(({ assertionResults }) => assertionResults)
const count = (status) => tests.filter((test) => test.status === status).length
// A file that could not be loaded has failed without a test to show for it.
const broken = files.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
).length

const passed = count('passed')
const failed = count('failed') + broken
const others = tests.length - passed - count('failed')
if (others) console.log(`${others} were skipped, which is not allowed here.`)
if (!tests.length) console.log('No tests were run.')
if (others || failed || !passed) process.exitCode = 1
console.log(`${passed} passed, ${failed} failed`)
