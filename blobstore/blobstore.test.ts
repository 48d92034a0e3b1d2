import { createMemoryObjectStore } from '../objects/memory.ts'
import { blobStoreContract } from '../tests/contract/blobstore.contract.ts'
import { fileHarness, memoryHarness, objectHarness } from '../tests/contract/blobstore-harness.ts'

blobStoreContract('memory', memoryHarness)
blobStoreContract('file', fileHarness)
blobStoreContract('object on memory', () => objectHarness(createMemoryObjectStore()))
