// For tests under Wine only: a program in one of Wine 8's pseudo-consoles has a console, and no standard input and output
// by which to use it, unlike on Windows. This one is started there in place of the command line, and starts that with them.
#define UNICODE
#include <windows.h>

static HANDLE console(const WCHAR *name)
{
    SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };
    return CreateFile(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0,
                      NULL);
}

int main(void)
{
    WCHAR line[] = L"C:\\windows\\system32\\cmd.exe";
    STARTUPINFO start = { .cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES };
    PROCESS_INFORMATION made;
    DWORD code = 1;
    start.hStdInput = console(L"CONIN$");
    start.hStdOutput = start.hStdError = console(L"CONOUT$");
    if (!CreateProcess(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made)) return 1;
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &code);
    return (int)code;
}
