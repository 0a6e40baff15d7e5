importScripts(
  '/node_modules/holdfast/dist/holdfast.umd.min.js',
  '/node_modules/holdfast/dist/tabs.umd.min.js',
)
Holdfast.serveTabs(new Holdfast.Socket(`ws://${location.host}/`))
