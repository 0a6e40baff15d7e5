export interface Need {
  name: string
  only?: string
  variable: string
  names: string[]
  debian: string[]
  folders?: string[]
  elsewhere: string
  own?: () => Promise<string>
}
export const needs: Need[]
export function find(name: string): Promise<string | undefined>
export function executable(name: string): Promise<string>
