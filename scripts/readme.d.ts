export interface Size {
  name: string
  minified: number
  gzip: number
  brotli: number
}
export interface Figures {
  sizes: Size[]
  results: Record<string, unknown>
}
export function pages(): string[]
export function fill(text: string, figures: Figures): string
export function missing(texts: string[]): string[]
export function figures(): Figures
