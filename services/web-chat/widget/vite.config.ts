import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

// Svelte guards what it needs to take over a page made on a server, so that it can be left out where there is none; for
// the bundler to see that, the guard has to be a constant.
const withoutHydration: Plugin = {
  name: 'without-hydration',
  transform(code, id) {
    if (!id.endsWith('/internal/client/dom/hydration.js')) return;
    const guard = 'export let hydrating = false;';
    const turn = 'hydrating = value;';
    if (!code.includes(guard) || !code.includes(turn)) this.error('Svelte has changed: look at this again');
    return { code: code.replace(guard, 'export const hydrating = false;').replace(turn, 'void value;'), map: null };
  },
};

// The panel: a page of its own, shown in a frame. Addresses are relative, so that it may lie anywhere.
// Every byte counts here: Terser and short class names are a tenth smaller than the defaults.
export default defineConfig({
  root: 'src/panel',
  base: './',
  plugins: [
    withoutHydration,
    svelte({
      configFile: false,
      compilerOptions: {
        runes: true,
        discloseVersion: false,
        cssHash: ({ name }) => name, // no two components have one name
      },
    }),
  ],
  build: {
    outDir: '../../dist/panel',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    minify: 'terser',
    terserOptions: { ecma: 2020, module: true, compress: { passes: 3, unsafe_arrows: true, pure_getters: true } },
  },
});
