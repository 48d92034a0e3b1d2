/** The console in a real browser over an API with everything in memory and a pipeline that ffmpeg stands in for. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { ApiOptions } from '../../api/api.ts'
import { createMemoryCatalog, createMemoryObjects, type MemoryCatalog, startTestApi, type TestApi, testKey } from '../../api/testing.ts'
import { hashKey } from '../../api/keys.ts'
import { bundleConsole } from '../../console/bundle.ts'
import { createFakePipeline, type FakePipeline, startMediaServer } from './console-pipeline.ts'

const tools = JSON.parse(process.env['DARKROOM_TOOLS'] ?? '{}') as Record<string, string | undefined>
export const tool = (name: 'chromium' | 'ffmpeg' | 'ffprobe') => tools[name] ?? `/usr/bin/${name}`
const run = promisify(execFile)

export const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 }, wide: { width: 1440, height: 900 } } as const
/** Where the screenshots are kept for a look; without it they go with the folder. */
const shots = process.env['DARKROOM_SHOTS']

export interface Room {
  readonly folder: string
  readonly api: TestApi
  readonly catalog: MemoryCatalog
  readonly pipeline: FakePipeline
  readonly browser: Browser
  /** A page of its own session, with the errors it has met. */
  openPage(size: keyof typeof sizes, address?: string): Promise<{ page: Page; faults: string[] }>
  screenshot(page: Page, name: string): Promise<void>
  ffmpeg(args: string[]): Promise<unknown>
  close(): Promise<void>
}

/** Opens it all; `filters` are what the API says there are. */
export async function openRoom(filters?: ApiOptions['filters']): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-console-'))
  const media = await startMediaServer()
  const catalog = createMemoryCatalog()
  const objects = createMemoryObjects()
  await catalog.addKey('acme', hashKey(testKey))
  const pipeline = createFakePipeline({ catalog, objects, media, ffmpeg: tool('ffmpeg'), ffprobe: tool('ffprobe'), folder })
  const api = await startTestApi({
    catalog,
    objects,
    starter: pipeline.starter,
    variants: pipeline.variants,
    ...(filters ? { filters } : {}),
    urls: {
      variantSizes: [],
      variantsUrl: (row) => `${media.origin}/a/${row.id}/`,
      aliasUrl: (row, name) => `${media.origin}/a/${row.id}/${name}`,
      fileUrl: (id, _version, file) => `${media.origin}/m/${id}/${file.name}`,
    },
    consoleAssets: await bundleConsole(),
    consoleConfig: { temporalUi: 'http://127.0.0.1:8233', mediaOrigins: [media.origin] },
  })
  const browser = await chromium.launch({
    executablePath: tool('chromium'),
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
  return {
    folder,
    api,
    catalog,
    pipeline,
    browser,
    async openPage(size, address = `/#key=${testKey}`) {
      const context = await browser.newContext({ viewport: sizes[size], deviceScaleFactor: size === 'phone' ? 2 : 1 })
      const page = await context.newPage()
      const faults: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text())
      })
      page.on('pageerror', (error) => faults.push(String(error)))
      await page.goto(`${api.base}${address}`)
      return { page, faults }
    },
    async screenshot(page, name) {
      await page.screenshot({ path: join(shots ?? folder, `${name}.png`) })
    },
    ffmpeg: (args) => run(tool('ffmpeg'), ['-v', 'error', '-y', ...args]),
    async close() {
      await browser.close()
      await api.close()
      await media.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Returns when every picture in sight is there and has come up. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const inSight = [...document.images].filter((img) => img.getBoundingClientRect().top < innerHeight)
    await Promise.all(inSight.map((img) => img.decode()))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    await Promise.all(document.getAnimations().filter((running) => running instanceof CSSTransition).map((running) => running.finished.catch(() => {})))
  })()`)
}

export const isWithinScreen = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= innerWidth')
