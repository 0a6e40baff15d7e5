import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import Integrity from './Integrity.vue'
import './style.css'

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('Integrity', Integrity)
  },
} satisfies Theme
