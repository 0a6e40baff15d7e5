export { connectTab } from './connect-tab.ts'
export type { BacklogOptions, ServeOptions } from './serve-options.ts'
export { serveTabs, type TabServer } from './serve-tabs.ts'
export type { TabOptions } from './tab-options.ts'
