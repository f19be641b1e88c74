import { render } from 'preact';
import { App } from './App';
import './look.css';
import './parts/header.css';
import './parts/thread.css';
import './parts/forms.css';
import './parts/composer.css';

const target = document.getElementById('panel');
if (target) render(<App />, target);
