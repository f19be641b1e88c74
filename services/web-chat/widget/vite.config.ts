import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The panel: a page of its own, shown in a frame. Addresses are relative, so that it may lie anywhere.
export default defineConfig({
  root: 'src/panel',
  base: './',
  plugins: [svelte()],
  build: { outDir: '../../dist/panel', emptyOutDir: true, target: 'es2022', modulePreload: false },
});
