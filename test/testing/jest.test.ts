import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)

interface Results {
  numPassedTests: number
  testResults: { message: string; assertionResults: { status: string; failureMessages: string[] }[] }[]
}

/** jest's own runner, in Node and in jsdom, with the package as a project that requires CommonJS has it. */
async function jest(): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-jest-'))
  try {
    await build({
      entryPoints: { holdfast: join(root, 'src/index.ts'), testing: join(root, 'src/testing/index.ts') },
      outdir: folder,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      format: 'cjs',
      target: 'es2022',
    })
    const project = (environment: string) => ({
      displayName: environment,
      rootDir: join(root, 'test/testing'),
      testEnvironment: require.resolve(`jest-environment-${environment}`),
      testMatch: ['**/*.jest.cjs'],
      transform: {},
      moduleNameMapper: {
        '^holdfast$': join(folder, 'holdfast.cjs'),
        '^holdfast/testing$': join(folder, 'testing.cjs'),
      },
    })
    const config = join(folder, 'jest.config.json')
    await writeFile(config, JSON.stringify({ projects: [project('node'), project('jsdom')] }))
    const output = join(folder, 'results.json')
    const bin = join(dirname(require.resolve('jest/package.json')), 'bin/jest.js')
    const args = [bin, '--config', config, '--runInBand', '--ci', '--json', '--outputFile', output]
    // It exits with 1 where tests fail: the results say which.
    await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(() => {})
    return require(output)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('works under jest, with its fake timers, in Node and in jsdom', { timeout: 180_000 }, async () => {
  const { numPassedTests, testResults } = await jest()
  const failures = testResults.flatMap(({ message, assertionResults }) =>
    // A file that cannot be run has a message and no results.
    assertionResults.length ? assertionResults.flatMap(({ failureMessages }) => failureMessages) : [message],
  )
  expect(failures).toEqual([])
  expect(testResults).toHaveLength(4)
  expect(numPassedTests).toBe(10)
})
