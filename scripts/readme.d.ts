export interface Size {
  name: string
  minified: number
  gzip: number
  brotli: number
}
export interface Runtime {
  name: string
  version: string
  source: string
  passed: string[]
}
export interface Figures {
  sizes: Size[]
  results: Record<string, unknown>
  runtimes: Runtime[]
}
export function pages(): string[]
export function fill(text: string, figures: Figures): string
export function missing(texts: string[]): string[]
export function figures(): Figures
