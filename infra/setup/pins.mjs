// The one place where versions of tools are written down. A changed pin names
// another directory in the cache, so nothing old is ever taken for the new.
export const pins = {
  node: {
    version: '24.21.0',
    majorMin: 24,
    // npm carries Node 24.21 for these platforms; elsewhere the machine's own is needed.
    integrity: {
      'linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      'linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
  postgres: {
    version: '18.4.0-beta.17',
    majorMin: 15,
    integrity: {
      'linux-x64': 'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
      'linux-arm64': 'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
      'darwin-x64': 'sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==',
      'darwin-arm64': 'sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==',
    },
  },
  // Built from the modules below infra/tools, whose go.mod hold the same versions (a test compares them).
  temporal: { version: '1.8.2', serverMin: '1.29.0' },
  temporalServer: { version: '1.31.2' },
  temporalUi: { version: '2.50.1' },
  minio: { version: '0.0.0-20260212201848-7aac2a2c5b7c' },
  versitygw: { version: '1.7.0' },
  compose: { version: '5.5.1', majorMin: 2 },
  // The same version stands in infra/tools/kafka/pom.xml.
  kafka: { version: '4.3.1', majorMin: 4 },
  java: { majorMin: 17 },
  ffmpeg: { majorMin: 5 },
  varnish: { majorMin: 6 },
  go: { versionMin: '1.26.4', bootstrapMin: '1.21.0' },
}
