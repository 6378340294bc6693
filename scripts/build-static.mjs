// Compiles static/scss and static/js into static/build: one stylesheet, its right-to-left mirror, and
// two scripts. Stops when the result would fetch a font or a picture from anywhere.
//
// node scripts/build-static.mjs [output folder]

import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

import { build } from "esbuild"
import postcss from "postcss"
import rtlcss from "rtlcss"
import * as sass from "sass"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..")
const out = resolve(process.argv[2] ?? join(root, "static", "build"))

// MOJ Frontend points to pictures of its own for a few icons. We ship none of them.
const withoutPictures = {
  postcssPlugin: "without-pictures",
  Declaration (declaration) {
    if (declaration.value.includes("url(")) declaration.remove()
  }
}

function styles () {
  const compiled = sass.compile(join(root, "static", "scss", "app.scss"), {
    loadPaths: [root, join(root, "node_modules")],
    quietDeps: true,
    style: "compressed"
  })
  const css = postcss([withoutPictures]).process(compiled.css, { from: undefined }).css
  for (const forbidden of ["@font-face", "url(", "GDS Transport", "@import"]) {
    if (css.includes(forbidden)) throw new Error(`app.css must not contain ${forbidden}`)
  }
  return css
}

function mirrored (css) {
  return rtlcss.process(css)
}

async function scripts (folder) {
  const entries = ["app.js", "enhance.js"].map((name) => join(root, "static", "js", name))
  await build({
    entryPoints: entries,
    outdir: folder,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2020"],
    legalComments: "none",
    logLevel: "warning"
  })
}

// Built aside and moved into place file by file: a running server always finds a whole set.
await mkdir(out, { recursive: true })
const aside = await mkdtemp(`${out}-`)
try {
  const css = styles()
  await writeFile(join(aside, "app.css"), css)
  await writeFile(join(aside, "app.rtl.css"), mirrored(css))
  await scripts(aside)
  const built = await readdir(aside)
  for (const name of built) await rename(join(aside, name), join(out, name))
  for (const name of await readdir(out)) {
    if (!built.includes(name)) await rm(join(out, name), { recursive: true })
  }
  console.log(`Built ${built.join(", ")} (stylesheet ${Math.round(css.length / 1024)} kB).`)
} finally {
  await rm(aside, { recursive: true, force: true })
}
