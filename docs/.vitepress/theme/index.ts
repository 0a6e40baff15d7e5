import type { Theme } from 'vitepress'
import { useRoute } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import { h, nextTick, onMounted, watch } from 'vue'
import DemoLinks from './DemoLinks.vue'
import DemoStatus from './DemoStatus.vue'
import Integrity from './Integrity.vue'
import LiveExample from './LiveExample.vue'
import './style.css'

/** The home page and the 404 page of the default theme have no main landmark. */
function markMain() {
  const content = document.getElementById('VPContent')
  if (content?.querySelector('main')) content.removeAttribute('role')
  else content?.setAttribute('role', 'main')
}

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'nav-bar-content-before': () => h(DemoLinks, { class: 'in-bar' }),
      'nav-bar-content-after': () => h(DemoStatus),
      'nav-screen-content-before': () => h(DemoLinks),
    }),
  setup() {
    const route = useRoute()
    onMounted(markMain)
    watch(
      () => route.path,
      () => nextTick(markMain),
    )
  },
  enhanceApp({ app }) {
    app.component('Integrity', Integrity)
    app.component('LiveExample', LiveExample)
  },
} satisfies Theme
