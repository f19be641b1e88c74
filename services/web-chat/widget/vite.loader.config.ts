import { defineConfig } from 'vite';

// The loader: one classic script for the pages of the site.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2020',
    lib: { entry: 'src/loader.ts', formats: ['iife'], name: 'frontdeskLoader', fileName: () => 'widget.js' },
  },
});
