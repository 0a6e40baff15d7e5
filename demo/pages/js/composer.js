import { byId } from './dom.js'

const types = byId('picture').accept.split(',')
const MOST_BYTES = 4 * 1024 * 1024

/**
 * Where a message is written. Enter sends it. Where pictures are taken, they are picked, pasted or dropped anywhere on the
 * page.
 */
export function composer({ form, text, onText }) {
  const grow = () => {
    text.style.height = 'auto'
    text.style.height = `${Math.min(text.scrollHeight + 2, 160)}px`
  }
  text.addEventListener('input', grow)
  text.addEventListener('keydown', (event) => {
    // Enter also ends the composing of a Chinese or Japanese word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const words = text.value.trim()
    text.value = ''
    grow()
    text.focus()
    if (words) onText(words)
  })
}

/** Pictures for `onPicture(file)`. What cannot be sent is told below the composer. */
export function picturePicker({ form, onPicture }) {
  const problem = byId('problem')
  form.addEventListener('submit', () => {
    problem.textContent = ''
  })

  async function take(files) {
    problem.textContent = ''
    for (const file of files) {
      if (!types.includes(file.type)) problem.textContent = `${file.name} is not a picture that can be sent.`
      else if (file.size > MOST_BYTES) problem.textContent = `${file.name} is too large: at most 4 MB.`
      else await onPicture(file).catch(() => (problem.textContent = `${file.name} cannot be read.`))
    }
  }

  byId('picture').addEventListener('change', ({ target }) => {
    take([...target.files])
    // Otherwise the same picture cannot be picked twice.
    target.value = ''
  })
  document.addEventListener('paste', (event) => {
    const { files } = event.clipboardData
    if (files.length === 0) return
    event.preventDefault()
    take([...files])
  })
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    document.body.classList.toggle('dropping', event.dataTransfer.types.includes('Files'))
  })
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dropping')
  })
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    document.body.classList.remove('dropping')
    take([...event.dataTransfer.files])
  })
}
