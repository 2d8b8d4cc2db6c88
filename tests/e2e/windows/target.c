// A customer's program for tests on Windows: a window of known pixels that writes down every key, button and turn of the
// wheel that it gets, as lines of JSON, and turns its block's colour over with each key that goes down.
//
// Arguments: width, height.
#define UNICODE
#include <windows.h>
#include <windowsx.h>
#include <stdio.h>
#include <stdlib.h>

#define SIDE 120

static int width = 800, height = 600, on = 0;

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

static COLORREF colour_at(int column, int row)
{
    unsigned seed = (unsigned)(column * 73 + row * 179 + 7);
    seed = seed * 1103515245u + 12345u;
    return RGB(seed >> 8 & 0xff, seed >> 16 & 0xff, seed >> 20 & 0xff);
}

static void fill(HDC dc, RECT place, COLORREF colour)
{
    HBRUSH brush = CreateSolidBrush(colour);
    FillRect(dc, &place, brush);
    DeleteObject(brush);
}

static void paint(HWND window)
{
    PAINTSTRUCT about;
    HDC dc = BeginPaint(window, &about);
    for (int row = 0; row * 20 < height; row++)
        for (int column = 0; column * 40 < width; column++) {
            RECT place = { column * 40, row * 20, column * 40 + 40, row * 20 + 20 };
            fill(dc, place, colour_at(column, row));
        }
    RECT block = { 40, 40, 40 + SIDE, 40 + SIDE };
    fill(dc, block, on ? RGB(0, 200, 0) : RGB(200, 0, 0));
    EndPaint(window, &about);
}

// Whether a key went up or down. A key that repeats itself did neither. That is counted here: Wine says of every key that
// goes down while another is held that it had been down before.
static int key(WPARAM virtual_key, LPARAM about, int down)
{
    static unsigned char held[512];
    char line[160];
    unsigned char *was = &held[about >> 16 & 0x1ff];
    if (down && *was) return 0;
    *was = (unsigned char)down;
    snprintf(line, sizeof line, "{\"event\":\"key\",\"vk\":%u,\"scan\":%u,\"extended\":%s,\"down\":%s}", (unsigned)virtual_key,
             (unsigned)(about >> 16 & 0xff), about & 1 << 24 ? "true" : "false", down ? "true" : "false");
    say(line);
    return 1;
}

static void button(int number, int down, LPARAM at)
{
    char line[160];
    snprintf(line, sizeof line, "{\"event\":\"button\",\"button\":%d,\"down\":%s,\"x\":%d,\"y\":%d}", number,
             down ? "true" : "false", GET_X_LPARAM(at), GET_Y_LPARAM(at));
    say(line);
}

static LRESULT CALLBACK handle(HWND window, UINT message, WPARAM word, LPARAM about)
{
    static int ready = 0;
    char line[160];
    switch (message) {
    case WM_ERASEBKGND:
        return 1;
    case WM_PAINT:
        paint(window);
        if (!ready) {
            ready = 1;
            say("{\"event\":\"ready\"}");
        }
        return 0;
    case WM_KEYDOWN:
    case WM_SYSKEYDOWN:
        if (key(word, about, 1)) {
            on = !on;
            snprintf(line, sizeof line, "{\"event\":\"block\",\"on\":%s}", on ? "true" : "false");
            say(line);
            InvalidateRect(window, NULL, FALSE);
        }
        return 0;
    case WM_KEYUP:
    case WM_SYSKEYUP:
        key(word, about, 0);
        return 0;
    case WM_CHAR:
        snprintf(line, sizeof line, "{\"event\":\"char\",\"unit\":%u}", (unsigned)word);
        say(line);
        return 0;
    case WM_LBUTTONDOWN:
        SetFocus(window);
        button(1, 1, about);
        return 0;
    case WM_LBUTTONUP:
        button(1, 0, about);
        return 0;
    case WM_RBUTTONDOWN:
        button(3, 1, about);
        return 0;
    case WM_RBUTTONUP:
        button(3, 0, about);
        return 0;
    case WM_MOUSEWHEEL:
        snprintf(line, sizeof line, "{\"event\":\"wheel\",\"by\":%d}", GET_WHEEL_DELTA_WPARAM(word));
        say(line);
        return 0;
    case WM_DESTROY:
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProc(window, message, word, about);
}

int main(int count, char **words)
{
    if (count > 2) {
        width = atoi(words[1]);
        height = atoi(words[2]);
    }
    SetProcessDPIAware();
    WNDCLASS kind = { .lpfnWndProc = handle,
                      .hInstance = GetModuleHandle(NULL),
                      .hCursor = LoadCursor(NULL, IDC_CROSS),
                      .lpszClassName = L"FarhandTarget" };
    RegisterClass(&kind);
    HWND window = CreateWindow(L"FarhandTarget", L"Farhand target", WS_OVERLAPPEDWINDOW | WS_VISIBLE, 0, 0, width, height,
                               NULL, NULL, kind.hInstance, NULL);
    if (!window) return 1;
    MSG message;
    while (GetMessage(&message, NULL, 0, 0) > 0) {
        TranslateMessage(&message);
        DispatchMessage(&message);
    }
    return 0;
}
