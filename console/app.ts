import type { Item } from '../api/item.ts'
import { photoIdOf, VOLUMES_PATH } from './address.ts'
import { type Card, createCard } from './card.ts'
import { type Choice, type Client, type Config, createClient, loadConfig, Refusal } from './client.ts'
import { createDetail } from './detail.ts'
import { byId, h, typedById } from './dom.ts'
import { editEach } from './edit-each.ts'
import { createFollower, type Follower } from './follower.ts'
import { bytesText, nameText } from './format.ts'
import { forgetKey, keepKey, takeKey } from './key.ts'
import { createSeen } from './seen.ts'
import { createUploads } from './uploads.ts'

const RECENT_MAX = 60
const owner = location.pathname === VOLUMES_PATH ? 'operator' : 'tenant'
const parts = ['tray', 'items', 'photo', 'volumes'] as const

interface Session {
  /** Absent where nothing is uploaded. */
  readonly take?: (files: Iterable<File>) => void
  readonly end: () => void
}

let session: Session | null = null

/** Says something to those who listen rather than look. */
function announce(text: string): void {
  byId('news').textContent = text
}

function showGate(fault: string): void {
  session?.end()
  session = null
  forgetKey(owner)
  byId('grid').replaceChildren()
  for (const id of [...parts, 'change-key']) byId(id).hidden = true
  byId('key-form').hidden = false
  byId('key-fault').textContent = fault
  byId('key').focus()
}

function fillSelect(id: 'filter' | 'preset', options: readonly (readonly [value: string, text: string])[]): void {
  typedById(id, HTMLSelectElement).replaceChildren(...options.map(([value, text]) => h('option', { value }, text)))
  byId(`${id}-field`).hidden = options.length < 2
}

/** Opens the page with a key: what is there already, then whatever comes; or, by its address, one photo or the volumes. */
async function open(key: string): Promise<void> {
  const config = await loadConfig()
  const client = createClient(key, () => showGate('The key was refused.'))
  const [opened, ...shown] = await openPage(client, config)
  session = opened
  keepKey(owner, key)
  byId('key-form').hidden = true
  for (const part of [...shown, 'change-key']) byId(part).hidden = false
}

/** The page that the address names, and the parts of the document that it is shown in. */
async function openPage(client: Client, config: Config): Promise<[Session, ...(typeof parts)[number][]]> {
  if (owner === 'operator') return [await createVolumesSession(client), 'volumes']
  const id = photoIdOf(location.pathname)
  if (id !== null) return [await createPhotoSession(client, id), 'photo']
  return [createSession(client, config, await client.recent(RECENT_MAX)), 'tray', 'items']
}

/** The page of volumes; loaded by operators alone. */
async function createVolumesSession(client: Client): Promise<Session> {
  const { showVolumesPage } = await import('./volumes-page.ts')
  await showVolumesPage(byId('volumes'), client)
  return { end: () => byId('volumes').replaceChildren() }
}

/** The page of one photo; loaded with the first that is looked at. */
async function createPhotoSession(client: Client, id: string): Promise<Session> {
  const { showPhotoPage } = await import('./photo-page.ts')
  const ending = new AbortController()
  await showPhotoPage(byId('photo'), id, client, ending.signal)
  return { end: () => ending.abort() }
}

function createSession(client: Client, config: Config, recent: readonly Item[]): Session {
  const grid = byId('grid')
  const cards = new Map<string, Card>()
  const names = new Map<string, string>()
  const states = new Map<string, string>()
  const follower: Follower = createFollower(client, RECENT_MAX, update)
  const send = createUploads(client, config)
  const titleOf = (item: Item) => names.get(item.id) ?? nameText(item.kind, new Date(item.createdAt), new Date())
  const seen = createSeen(Date.now)
  const detail = createDetail({
    dialog: typedById('detail', HTMLDialogElement),
    temporalUi: config.temporalUi,
    facts: client.facts,
    previews: client.previews,
    seen: seen.of,
    erase: async (item) => {
      const erased = await client.erase(item.id)
      update(erased)
      follower.add(erased)
    },
  })

  fillSelect('filter', [['', 'None'], ...config.filters.map((name) => [name, config.titles[name] ?? name] as const)])
  fillSelect(
    'preset',
    config.presets.map((name) => [name, name] as const),
  )
  byId('limits').textContent =
    `JPEG, PNG, WebP, GIF, HEIC or AVIF up to ${bytesText(config.limits.uploadImageBytesMax)}. MP4, MOV, WebM or Matroska up to ${bytesText(config.limits.uploadBytesMax)}.`

  function showEmpty(): void {
    byId('empty').hidden = grid.childElementCount > 0
  }

  function newCard(name: string | null): Card {
    const card: Card = createCard({
      name,
      adviceOf: (code) => config.errors[code]?.advice ?? '',
      onOpen: (item) => detail.open(item, titleOf(item)),
      onRetry: async (item) => {
        const again = await client.retry(item.id)
        update(again)
        follower.add(again)
      },
      onDismiss: () => {
        card.element.remove()
        showEmpty()
      },
    })
    return card
  }

  function update(item: Item): void {
    seen.note(item)
    cards.get(item.id)?.show({ is: 'item', item })
    detail.show(item)
    const before = states.get(item.id)
    states.set(item.id, item.state)
    if (before === undefined || before === item.state) return
    announce(`${titleOf(item)}: ${item.error ? `${item.state}, ${item.error.title}` : item.state}.`)
  }

  for (const item of recent) {
    const card = newCard(null)
    cards.set(item.id, card)
    grid.append(card.element)
    update(item)
    follower.add(item)
  }
  showEmpty()

  let editing: Promise<void> = Promise.resolve()
  const chosen = (): Choice => ({
    preset: typedById('preset', HTMLSelectElement).value,
    filter: typedById('filter', HTMLSelectElement).value,
  })

  function takeOne(file: File, choice: Choice): void {
    const card = newCard(file.name)
    grid.prepend(card.element)
    showEmpty()
    card.show({ is: 'sending', fraction: 0 })
    send(file, choice, {
      onFraction: (fraction) => card.show({ is: 'sending', fraction }),
      onItem: (item) => {
        names.set(item.id, file.name)
        cards.set(item.id, card)
        update(item)
        follower.add(item)
      },
      onRefusal: (refusal) => {
        card.show({ is: 'refused', refusal })
        announce(`${file.name}: ${refusal.message}`)
      },
    })
  }

  return {
    take: (files) => {
      const editsFirst = typedById('edit-first', HTMLInputElement).checked
      const isEdited = (file: File) => editsFirst && isPhoto(file)
      // Prepended one by one, so the last taken comes to stand first.
      for (const file of [...files].toReversed()) if (!isEdited(file)) takeOne(file, chosen())
      const photos = [...files].filter(isEdited)
      if (photos.length === 0) return
      const options = { dialog: typedById('editor', HTMLDialogElement), filters: config.filters, choice: chosen(), send: takeOne }
      // What is dropped while others are edited comes after them: there is one editor.
      editing = editing
        .then(async () => await editEach(photos, options))
        .then(
          (left) => {
            if (left > 0) announce(`${left} of ${photos.length} photos not uploaded.`)
          },
          (error: unknown) => announce(`The editor could not be opened. ${error instanceof Error ? error.message : ''}`),
        )
    },
    end: () => {
      follower.stop()
      typedById('detail', HTMLDialogElement).close()
      typedById('editor', HTMLDialogElement).close()
    },
  }
}

/** Whether a file says that it is a photo; of some formats not every system knows the type. */
function isPhoto({ type, name }: File): boolean {
  return type.startsWith('image/') || (type === '' && /\.(heic|heif|avif)$/i.test(name))
}

/** Files over the page: anywhere is the tray. */
function listenForDrops(): void {
  const veil = byId('veil')
  const hasFiles = (event: DragEvent) => session?.take !== undefined && (event.dataTransfer?.types.includes('Files') ?? false)
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    veil.hidden = false
  })
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) veil.hidden = true
  })
  addEventListener('drop', (event) => {
    veil.hidden = true
    if (!hasFiles(event)) return
    event.preventDefault()
    session?.take?.(event.dataTransfer?.files ?? [])
  })
  addEventListener('paste', (event) => session?.take?.(event.clipboardData?.files ?? []))
}

function tryToOpen(key: string): void {
  open(key).catch((error: unknown) => showGate(error instanceof Refusal ? error.message : 'The page could not be opened.'))
}

function begin(): void {
  byId('change-key').addEventListener('click', () => showGate(''))
  byId('key-form').addEventListener('submit', (event) => {
    event.preventDefault()
    tryToOpen(typedById('key', HTMLInputElement).value.trim())
    typedById('key', HTMLInputElement).value = ''
  })
  const files = typedById('files', HTMLInputElement)
  files.addEventListener('change', () => {
    session?.take?.(files.files ?? [])
    files.value = ''
  })
  listenForDrops()
  if (owner === 'operator') {
    byId('key-use').textContent = "An operator's key shows the volumes. It is kept in this tab only."
    byId('key-label').textContent = "Operator's key"
  }
  const key = takeKey(owner)
  if (key === null) showGate('')
  else tryToOpen(key)
}

begin()
