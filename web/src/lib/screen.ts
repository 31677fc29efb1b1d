/** How much room there is. */
import { MediaQuery } from "svelte/reactivity";

/** A phone, as app.css has it. */
export const narrow = new MediaQuery("max-width: 47.99rem");
