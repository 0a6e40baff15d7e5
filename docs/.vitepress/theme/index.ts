import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import { nextTick } from 'vue'
import Integrity from './Integrity.vue'
import './style.css'

/** The home page and the 404 page of the default theme have no main landmark. */
async function markMain() {
  await nextTick()
  const content = document.getElementById('VPContent')
  if (content?.querySelector('main')) content.removeAttribute('role')
  else content?.setAttribute('role', 'main')
}

export default {
  extends: DefaultTheme,
  enhanceApp({ app, router }) {
    app.component('Integrity', Integrity)
    if (!import.meta.env.SSR) router.onAfterRouteChange = markMain
  },
} satisfies Theme
