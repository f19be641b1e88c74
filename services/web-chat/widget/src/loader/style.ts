export const PHONE = '(max-width: 480px)';

/** Lives in a shadow root: nothing of the page gets in, nothing gets out. */
export const STYLE = `
:host{all:initial;position:fixed;z-index:2147483000}
*{box-sizing:border-box}
button{position:fixed;right:20px;bottom:calc(20px + env(safe-area-inset-bottom));width:56px;height:56px;padding:0;border:0;border-radius:50%;display:grid;place-items:center;cursor:pointer;background:var(--c);color:var(--o);box-shadow:0 1px 2px rgb(16 24 40/.16),0 6px 20px rgb(16 24 40/.2);transition:transform .15s,box-shadow .15s}
button:hover{transform:translateY(-1px);box-shadow:0 1px 2px rgb(16 24 40/.16),0 10px 26px rgb(16 24 40/.26)}
button:focus-visible{outline:3px solid var(--c);outline-offset:3px}
svg{grid-area:1/1;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round;transition:opacity .15s,transform .2s}
svg+svg,.on svg{opacity:0;transform:scale(.6)}
.on svg+svg{opacity:1;transform:none}
i{position:absolute;top:-3px;right:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;border:2px solid #fff;background:#d92d20;color:#fff;font:600 12px/18px system-ui,sans-serif;text-align:center}
[hidden]{display:none!important}
iframe{position:fixed;right:20px;bottom:calc(92px + env(safe-area-inset-bottom));width:388px;max-width:calc(100vw - 40px);height:min(640px,calc(100vh - 116px));border:0;border-radius:16px;background:Canvas;box-shadow:0 0 0 1px rgb(16 24 40/.06),0 2px 6px rgb(16 24 40/.08),0 16px 48px rgb(16 24 40/.22);visibility:hidden;opacity:0;transform:translateY(10px) scale(.985);transform-origin:100% 100%;transition:opacity .16s,transform .16s,visibility 0s .16s}
.on~iframe{visibility:visible;opacity:1;transform:none;transition:opacity .16s,transform .16s}
:host(.left) :is(button,iframe){right:auto;left:20px;transform-origin:0 100%}
@media ${PHONE}{iframe,:host(.left) iframe{inset:0;width:100%;max-width:none;height:100vh;height:100dvh;border-radius:0;box-shadow:none}.on{display:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{:host{display:none}}
`;
