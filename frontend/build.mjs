// Builds everything that browsers load: node build.mjs [folder]. Nothing built is committed.
import { build } from "esbuild";
import { cpSync, mkdirSync } from "node:fs";

const outdir = process.argv[2] || "dist";
await build({
  entryPoints: ["src/app.css", "src/app.js", "src/desk.js"],
  outdir: `${outdir}/ui`,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  target: ["chrome105", "safari15.4", "firefox110"],
  logLevel: "warning",
});
mkdirSync(`${outdir}/ui/img`, { recursive: true });
cpSync("src/img", `${outdir}/ui/img`, { recursive: true });
