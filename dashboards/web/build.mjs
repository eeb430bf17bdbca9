// Bundles the page: splits code, names files by content, writes index.html and a .gz beside each file.
import { build, context } from "esbuild";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(here, "../seamline_dashboards/static");
const watch = process.argv.includes("--watch");
const staging = watch ? target : `${target}.new`;

const options = {
  absWorkingDir: here,
  entryPoints: { main: "src/main.tsx", boot: "src/boot.ts" },
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  outdir: join(staging, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
};

async function finish(result) {
  const outputs = Object.entries(result.metafile.outputs);
  const output = (entry) => outputs.find(([, meta]) => meta.entryPoint === entry);
  const url = (path) => `/assets/${basename(path)}`;
  const [mainPath, main] = output("src/main.tsx");
  const [bootPath] = output("src/boot.ts");
  const html = (await readFile(join(here, "index.html"), "utf8"))
    .replace("%boot%", url(bootPath))
    .replace("%css%", url(main.cssBundle))
    .replace("%main%", url(mainPath));
  await writeFile(join(staging, "index.html"), html);
  await writeFile(join(staging, "favicon.svg"), await readFile(join(here, "src/favicon.svg")));
}

async function compress(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(js|css|html|svg)$/.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const zipped = gzipSync(await readFile(path), { level: 9 });
    bytes += zipped.length;
    await writeFile(`${path}.gz`, zipped);
  }
  return bytes;
}

await rm(staging, { recursive: true, force: true });
await mkdir(staging, { recursive: true });
if (watch) {
  const onEnd = { name: "index", setup: (b) => b.onEnd((r) => (r.errors.length ? undefined : finish(r))) };
  const running = await context({ ...options, plugins: [onEnd] });
  await running.watch();
  console.log(`watching src/; the bundle goes to ${relative(process.cwd(), target)}`);
} else {
  await finish(await build(options));
  const bytes = await compress(staging);
  await rm(target, { recursive: true, force: true });
  await rename(staging, target);
  console.log(`page built: ${(bytes / 1024).toFixed(0)} kB compressed`);
}
