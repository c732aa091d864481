// Takes the place of the npm package `react-style-singleton` in the bundle (see `alias` in build.mjs). That package
// writes <style> elements, which a policy without 'unsafe-inline' refuses; a constructed style sheet is allowed.
// Only `styleSingleton` is offered, the one name that GraphiQL's dialogs import.
import { useEffect } from 'react';

/** A component whose `styles` text applies to the document for as long as at least one of its kind is mounted. */
export function styleSingleton() {
  const sheet = new CSSStyleSheet();
  const mounted = new Set();

  const apply = (mount, styles) => {
    mounted.add(mount);
    if (mounted.size === 1) {
      sheet.replaceSync(styles);
      document.adoptedStyleSheets.push(sheet);
    }
    return () => {
      mounted.delete(mount);
      if (mounted.size === 0) {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((adopted) => adopted !== sheet);
      }
    };
  };

  return function SharedStyle({ styles, dynamic }) {
    useEffect(() => apply(Symbol('mount'), styles), [dynamic ? styles : null]);
    return null;
  };
}
