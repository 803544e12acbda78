export function checkImports(file: string, text: string): Promise<string[]>;
