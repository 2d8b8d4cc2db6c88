/** Who sets up the service in tests. */
export const ADMINISTRATOR = {
  organisation: 'Acme Help Desk',
  name: 'Tess Technician',
  email: 'tess@acme.example',
  password: 'correct horse 7',
};
