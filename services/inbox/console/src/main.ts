import '@fontsource-variable/inter/wght.css';
import './tokens.css';
import './base.css';
import './controls.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { words } from './text/language.svelte';

const target = document.getElementById('app');
/** In the language that was wanted last: nothing is read in English first. */
if (target) void words.begin().finally(() => mount(App, { target }));
