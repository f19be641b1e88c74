import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds the API: a running Frontdesk. */
const server = 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  // Browsers that know light-dark(): the tokens then follow the color-scheme of the element that uses them.
  build: { target: 'es2022', cssTarget: ['chrome123', 'firefox120', 'safari17.5'], assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': server, '/sandbox': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
