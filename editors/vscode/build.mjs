// Bundles the extension, and with `--tests` the tests, into `dist/`.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const shared = {
    absWorkingDir: here,
    bundle: true,
    external: ["vscode"],
    format: "cjs",
    logLevel: "warning",
    platform: "node",
    target: "node20",
};

await rm(join(here, "dist"), { recursive: true, force: true });
await mkdir(join(here, "dist"));
const { metafile } = await build({
    ...shared,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    metafile: true,
    minify: process.argv.includes("--minify"),
    sourcemap: process.argv.includes("--minify") ? false : "inline",
});

await writeFile(join(here, "dist/notices.txt"), await notices(Object.keys(metafile.inputs)));
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    await copyFile(join(here, "../..", licence), join(here, licence));
}

if (process.argv.includes("--tests")) {
    const tests = await readdir(join(here, "tests"));
    await build({
        ...shared,
        entryPoints: tests.filter((it) => it.endsWith(".test.ts")).map((it) => `tests/${it}`),
        outdir: "dist/tests",
        sourcemap: "inline",
    });
}

/** The licences of what is bundled, which ask to be passed on with it. */
async function notices(files) {
    const folders = new Set(
        files.flatMap((it) => it.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
    );
    const texts = [];
    for (const folder of [...folders].sort()) {
        const { name, version } = JSON.parse(
            await readFile(join(here, folder, "package.json"), "utf8"),
        );
        const licence = (await readdir(join(here, folder))).find((it) => /^licen[cs]e/i.test(it));
        if (licence === undefined) {
            throw new Error(`${folder} has no licence`);
        }
        const text = await readFile(join(here, folder, licence), "utf8");
        texts.push(`${name} ${version}\n\n${text.trim()}\n`);
    }
    return texts.join(`\n${"-".repeat(80)}\n\n`);
}
