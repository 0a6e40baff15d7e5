import { hydrateRoot } from 'react-dom/client'
import { App } from './App.jsx'

hydrateRoot(document.getElementById('app'), <App url={`ws://${location.host}/`} />, {
  // What the server has rendered must be what the first rendering in the page gives.
  onRecoverableError: (error) => {
    throw error
  },
})
