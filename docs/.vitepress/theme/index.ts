import type { Theme } from 'vitepress'
import { useRoute } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import { nextTick, onMounted, watch } from 'vue'
import Integrity from './Integrity.vue'
import LiveSocket from './LiveSocket.vue'
import './style.css'

/** The home page and the 404 page of the default theme have no main landmark. */
function markMain() {
  const content = document.getElementById('VPContent')
  if (content?.querySelector('main')) content.removeAttribute('role')
  else content?.setAttribute('role', 'main')
}

export default {
  extends: DefaultTheme,
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
    app.component('LiveSocket', LiveSocket)
  },
} satisfies Theme
