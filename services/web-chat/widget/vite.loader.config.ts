import { defineConfig } from 'vite';

// The loader: one classic script for the pages of the site.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2020',
    minify: 'terser',
    terserOptions: { ecma: 2020, compress: { passes: 3, unsafe_arrows: true } },
    lib: { entry: 'src/loader/index.ts', formats: ['iife'], name: 'frontdeskLoader', fileName: () => 'widget.js' },
  },
});
