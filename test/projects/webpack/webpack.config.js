const { join } = require('node:path')

module.exports = { mode: 'production', entry: './src/main.js', output: { path: join(__dirname, 'dist') } }
