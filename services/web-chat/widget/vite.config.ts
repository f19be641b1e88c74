import { defineConfig, type Plugin } from 'vite';

// Vite fetches the styles of a part that is loaded later together with it. Ours have none: a kilobyte for nothing.
const withoutPreload: Plugin = {
  name: 'without-preload',
  enforce: 'pre',
  load: (id) => (id.endsWith('vite/preload-helper.js') ? 'export const __vitePreload = (load) => load();' : null),
};

// The panel: a page of its own, shown in a frame. Addresses are relative, so that it may lie anywhere.
// Every byte counts here: Terser is a tenth smaller than the default.
export default defineConfig({
  root: 'src/panel',
  base: './',
  plugins: [withoutPreload],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/panel',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    minify: 'terser',
    terserOptions: { ecma: 2020, module: true, compress: { passes: 3, unsafe_arrows: true, pure_getters: true } },
    rolldownOptions: { output: { chunkFileNames: 'assets/[name]-[hash].js' } },
  },
});
