/* Stands in for dxgi.dll and d3d11.dll where Wine has no desktop duplication: monitors whose pictures, pointers and
   failures a test chooses. It is compiled against the published headers, so that it answers only to whoever uses their
   tables of functions and their structures, and it is as strict as they are about the order of calls. It draws nothing. */
#define COBJMACROS
#define CINTERFACE
#define INITGUID
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <d3d11.h>
#include <dxgi1_2.h>

#define MONITORS 4
#define RECTS 64
#define EXPORT __declspec(dllexport)

struct monitor {
    RECT place;
    UINT rotation, width, height, *pixels;
    RECT dirty[RECTS];
    UINT dirty_count;
    RECT moved;
    BOOL presents, moves, duplicated;
};

struct texture {
    ID3D11Texture2D texture;
    LONG references;
    D3D11_TEXTURE2D_DESC about;
    BYTE *bytes;
    UINT pitch;
    BOOL mapped;
};

struct duplication {
    IDXGIOutputDuplication duplication;
    LONG references;
    struct monitor *monitor;
    BOOL first, held;
    UINT dirty_count;
    BOOL moves;
};

struct output {
    IDXGIOutput1 output;
    LONG references;
    struct monitor *monitor;
};

struct plain {
    const void *table;
    LONG references;
};

static struct monitor monitors[MONITORS];
static UINT monitor_count, wrong_format, wrong_width;
static HRESULT next_frame, refusal;
static UINT refusals;
static BOOL nothing_first, pointer_new, pointer_shown;
static LONGLONG pointer_time;
static DXGI_OUTDUPL_POINTER_SHAPE_INFO pointer;
static BYTE pointer_bytes[65536];
static UINT pointer_length;
static LONG alive;

/* What every object has. */

static ULONG STDMETHODCALLTYPE hold(void *object) {
    return InterlockedIncrement(&((struct plain *)object)->references);
}

static ULONG let_go(void *object) {
    ULONG left = InterlockedDecrement(&((struct plain *)object)->references);
    if (left == 0) {
        InterlockedDecrement(&alive);
        free(object);
    }
    return left;
}

static ULONG STDMETHODCALLTYPE release_plain(void *object) { return let_go(object); }

static void *make(size_t size, const void *table) {
    struct plain *object = calloc(1, size);
    object->table = table;
    object->references = 1;
    InterlockedIncrement(&alive);
    return object;
}

static HRESULT answer(void *object, REFIID wanted, void **into, const IID *kind) {
    if (!IsEqualGUID(wanted, kind) && !IsEqualGUID(wanted, &IID_IUnknown)) {
        *into = NULL;
        return E_NOINTERFACE;
    }
    hold(object);
    *into = object;
    return S_OK;
}

/* Textures. */

static ULONG STDMETHODCALLTYPE release_texture(ID3D11Texture2D *this) {
    struct texture *texture = (struct texture *)this;
    BYTE *bytes = texture->bytes;
    ULONG left = let_go(this);
    if (left == 0) free(bytes);
    return left;
}

static HRESULT STDMETHODCALLTYPE query_texture(ID3D11Texture2D *this, REFIID wanted, void **into) {
    return answer(this, wanted, into, &IID_ID3D11Texture2D);
}

static void STDMETHODCALLTYPE describe_texture(ID3D11Texture2D *this, D3D11_TEXTURE2D_DESC *about) {
    *about = ((struct texture *)this)->about;
}

static ID3D11Texture2DVtbl texture_table = {
    .QueryInterface = query_texture,
    .AddRef = (void *)hold,
    .Release = release_texture,
    .GetDesc = describe_texture,
};

static struct texture *make_texture(const D3D11_TEXTURE2D_DESC *about) {
    struct texture *texture = make(sizeof *texture, &texture_table);
    texture->about = *about;
    /* Rows are longer than their pixels, as drivers like them. */
    texture->pitch = about->Width * 4 + 64;
    texture->bytes = calloc(about->Height, texture->pitch);
    return texture;
}

/* The device and its context. */

static HRESULT STDMETHODCALLTYPE create_texture(ID3D11Device *this, const D3D11_TEXTURE2D_DESC *about,
                                                const D3D11_SUBRESOURCE_DATA *data, ID3D11Texture2D **into) {
    BOOL readable = about->Usage == D3D11_USAGE_STAGING && about->CPUAccessFlags == D3D11_CPU_ACCESS_READ;
    if (!readable || about->BindFlags || about->SampleDesc.Count != 1 || about->MipLevels != 1 || about->ArraySize != 1
        || data)
        return E_INVALIDARG;
    *into = &make_texture(about)->texture;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE map(ID3D11DeviceContext *this, ID3D11Resource *resource, UINT part, D3D11_MAP kind,
                                     UINT flags, D3D11_MAPPED_SUBRESOURCE *mapped) {
    struct texture *texture = (struct texture *)resource;
    if (part || kind != D3D11_MAP_READ || flags || texture->mapped || !(texture->about.CPUAccessFlags & D3D11_CPU_ACCESS_READ))
        return E_INVALIDARG;
    texture->mapped = TRUE;
    mapped->pData = texture->bytes;
    mapped->RowPitch = texture->pitch;
    mapped->DepthPitch = 0;
    return S_OK;
}

static void STDMETHODCALLTYPE unmap(ID3D11DeviceContext *this, ID3D11Resource *resource, UINT part) {
    ((struct texture *)resource)->mapped = FALSE;
}

static void STDMETHODCALLTYPE copy_region(ID3D11DeviceContext *this, ID3D11Resource *to, UINT to_part, UINT x, UINT y,
                                          UINT z, ID3D11Resource *from, UINT from_part, const D3D11_BOX *box) {
    struct texture *target = (struct texture *)to, *source = (struct texture *)from;
    /* What the real one drops without a word. */
    if (target->mapped || to_part || from_part || z || box->front != 0 || box->back != 1
        || box->right > source->about.Width || box->bottom > source->about.Height
        || x + box->right - box->left > target->about.Width || y + box->bottom - box->top > target->about.Height
        || target->about.Format != source->about.Format)
        return;
    for (UINT row = 0; row < box->bottom - box->top; row++)
        memcpy(target->bytes + (y + row) * target->pitch + x * 4,
               source->bytes + (box->top + row) * source->pitch + box->left * 4, (box->right - box->left) * 4);
}

static HRESULT STDMETHODCALLTYPE query_context(ID3D11DeviceContext *this, REFIID wanted, void **into) {
    return answer(this, wanted, into, &IID_ID3D11DeviceContext);
}

static ID3D11DeviceVtbl device_table = {
    .AddRef = (void *)hold,
    .Release = (void *)release_plain,
    .CreateTexture2D = create_texture,
};

static ID3D11DeviceContextVtbl context_table = {
    .QueryInterface = query_context,
    .AddRef = (void *)hold,
    .Release = (void *)release_plain,
    .Map = map,
    .Unmap = unmap,
    .CopySubresourceRegion = copy_region,
};

EXPORT HRESULT WINAPI D3D11CreateDevice(IDXGIAdapter *adapter, D3D_DRIVER_TYPE kind, HMODULE software, UINT flags,
                                        const D3D_FEATURE_LEVEL *levels, UINT level_count, UINT version,
                                        ID3D11Device **device, D3D_FEATURE_LEVEL *level, ID3D11DeviceContext **context) {
    if (!adapter || kind != D3D_DRIVER_TYPE_UNKNOWN || software || version != D3D11_SDK_VERSION) return E_INVALIDARG;
    *device = make(sizeof(struct plain), &device_table);
    *context = make(sizeof(struct plain), &context_table);
    return S_OK;
}

/* Duplication. */

static HRESULT STDMETHODCALLTYPE acquire(IDXGIOutputDuplication *this, UINT within, DXGI_OUTDUPL_FRAME_INFO *info,
                                         IDXGIResource **resource) {
    struct duplication *own = (struct duplication *)this;
    struct monitor *monitor = own->monitor;
    if (own->held) return DXGI_ERROR_INVALID_CALL;
    if (FAILED(next_frame)) {
        HRESULT code = next_frame;
        next_frame = S_OK;
        return code;
    }
    BOOL presents = (own->first && !nothing_first) || monitor->presents;
    if (!presents && !pointer_new) return DXGI_ERROR_WAIT_TIMEOUT;
    memset(info, 0, sizeof *info);
    if (presents) {
        info->LastPresentTime.QuadPart = GetTickCount64() + 1;
        info->AccumulatedFrames = 1;
        own->dirty_count = monitor->dirty_count;
        own->moves = monitor->moves;
        info->TotalMetadataBufferSize =
            own->dirty_count * sizeof(RECT) + (own->moves ? sizeof(DXGI_OUTDUPL_MOVE_RECT) : 0);
        monitor->presents = own->first = monitor->moves = FALSE;
        monitor->dirty_count = 0;
    }
    if (pointer_new) {
        info->LastMouseUpdateTime.QuadPart = ++pointer_time;
        info->PointerPosition.Visible = pointer_shown;
        info->PointerShapeBufferSize = pointer_length;
        pointer_new = FALSE;
    }
    D3D11_TEXTURE2D_DESC about = {monitor->width, monitor->height, 1, 1, DXGI_FORMAT_B8G8R8A8_UNORM, {1, 0}};
    if (wrong_format) about.Format = wrong_format;
    if (wrong_width) about.Width = wrong_width;
    struct texture *texture = make_texture(&about);
    for (UINT y = 0; y < about.Height && !wrong_width; y++)
        memcpy(texture->bytes + y * texture->pitch, monitor->pixels + y * monitor->width, monitor->width * 4);
    *resource = (IDXGIResource *)&texture->texture;
    own->held = TRUE;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE dirty_rects(IDXGIOutputDuplication *this, UINT room, RECT *into, UINT *needed) {
    struct duplication *own = (struct duplication *)this;
    if (!own->held) return DXGI_ERROR_INVALID_CALL;
    *needed = own->dirty_count * sizeof(RECT);
    if (room < *needed) return DXGI_ERROR_MORE_DATA;
    memcpy(into, own->monitor->dirty, *needed);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE move_rects(IDXGIOutputDuplication *this, UINT room, DXGI_OUTDUPL_MOVE_RECT *into,
                                            UINT *needed) {
    struct duplication *own = (struct duplication *)this;
    if (!own->held) return DXGI_ERROR_INVALID_CALL;
    *needed = own->moves ? sizeof *into : 0;
    if (room < *needed) return DXGI_ERROR_MORE_DATA;
    if (own->moves) {
        into->SourcePoint.x = into->SourcePoint.y = 0;
        into->DestinationRect = own->monitor->moved;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pointer_shape(IDXGIOutputDuplication *this, UINT room, void *into, UINT *needed,
                                               DXGI_OUTDUPL_POINTER_SHAPE_INFO *about) {
    if (!((struct duplication *)this)->held) return DXGI_ERROR_INVALID_CALL;
    *needed = pointer_length;
    if (room < pointer_length) return DXGI_ERROR_MORE_DATA;
    memcpy(into, pointer_bytes, pointer_length);
    *about = pointer;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE release_frame(IDXGIOutputDuplication *this) {
    struct duplication *own = (struct duplication *)this;
    if (!own->held) return DXGI_ERROR_INVALID_CALL;
    own->held = FALSE;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE release_duplication(IDXGIOutputDuplication *this) {
    struct monitor *monitor = ((struct duplication *)this)->monitor;
    ULONG left = let_go(this);
    if (left == 0) monitor->duplicated = FALSE;
    return left;
}

static IDXGIOutputDuplicationVtbl duplication_table = {
    .AddRef = (void *)hold,
    .Release = release_duplication,
    .AcquireNextFrame = acquire,
    .GetFrameDirtyRects = dirty_rects,
    .GetFrameMoveRects = move_rects,
    .GetFramePointerShape = pointer_shape,
    .ReleaseFrame = release_frame,
};

/* Monitors, the one graphics device that has them, and where they are found. */

static HRESULT STDMETHODCALLTYPE query_output(IDXGIOutput1 *this, REFIID wanted, void **into) {
    return answer(this, wanted, into, &IID_IDXGIOutput1);
}

static HRESULT STDMETHODCALLTYPE describe_output(IDXGIOutput1 *this, DXGI_OUTPUT_DESC *about) {
    struct monitor *monitor = ((struct output *)this)->monitor;
    memset(about, 0, sizeof *about);
    about->DesktopCoordinates = monitor->place;
    about->AttachedToDesktop = TRUE;
    about->Rotation = monitor->rotation;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE duplicate(IDXGIOutput1 *this, IUnknown *device, IDXGIOutputDuplication **into) {
    struct monitor *monitor = ((struct output *)this)->monitor;
    if (refusals > 0) {
        refusals--;
        return refusal;
    }
    if (!device || monitor->duplicated) return E_INVALIDARG;
    monitor->duplicated = TRUE;
    struct duplication *made = make(sizeof *made, &duplication_table);
    made->monitor = monitor;
    made->first = TRUE;
    *into = &made->duplication;
    return S_OK;
}

static IDXGIOutput1Vtbl output_table = {
    .QueryInterface = query_output,
    .AddRef = (void *)hold,
    .Release = (void *)release_plain,
    .GetDesc = describe_output,
    .DuplicateOutput = duplicate,
};

static HRESULT STDMETHODCALLTYPE outputs(IDXGIAdapter1 *this, UINT number, IDXGIOutput **into) {
    if (number >= monitor_count) return DXGI_ERROR_NOT_FOUND;
    struct output *made = make(sizeof *made, &output_table);
    made->monitor = &monitors[number];
    *into = (IDXGIOutput *)&made->output;
    return S_OK;
}

static IDXGIAdapter1Vtbl adapter_table = {
    .AddRef = (void *)hold,
    .Release = (void *)release_plain,
    .EnumOutputs = outputs,
};

static HRESULT STDMETHODCALLTYPE adapters(IDXGIFactory1 *this, UINT number, IDXGIAdapter1 **into) {
    if (number > 0) return DXGI_ERROR_NOT_FOUND;
    *into = make(sizeof(struct plain), &adapter_table);
    return S_OK;
}

static IDXGIFactory1Vtbl factory_table = {
    .AddRef = (void *)hold,
    .Release = (void *)release_plain,
    .EnumAdapters1 = adapters,
};

EXPORT HRESULT WINAPI CreateDXGIFactory1(REFIID wanted, void **into) {
    if (!IsEqualGUID(wanted, &IID_IDXGIFactory1)) return E_NOINTERFACE;
    *into = make(sizeof(struct plain), &factory_table);
    return S_OK;
}

/* What a test says. */

/* Begins anew, with no monitor. */
EXPORT void stand_in_reset(void) {
    for (UINT number = 0; number < monitor_count; number++) free(monitors[number].pixels);
    memset(monitors, 0, sizeof monitors);
    monitor_count = wrong_format = wrong_width = refusals = pointer_length = 0;
    next_frame = refusal = S_OK;
    nothing_first = pointer_new = pointer_shown = FALSE;
}

/* One more monitor, its picture filled with a colour. */
EXPORT void stand_in_monitor(LONG left, LONG top, LONG right, LONG bottom, UINT rotation, UINT colour) {
    struct monitor *monitor = &monitors[monitor_count++];
    BOOL turned = rotation == DXGI_MODE_ROTATION_ROTATE90 || rotation == DXGI_MODE_ROTATION_ROTATE270;
    SetRect(&monitor->place, left, top, right, bottom);
    monitor->rotation = rotation;
    monitor->width = turned ? bottom - top : right - left;
    monitor->height = turned ? right - left : bottom - top;
    monitor->pixels = malloc(monitor->width * monitor->height * sizeof(UINT));
    for (UINT at = 0; at < monitor->width * monitor->height; at++) monitor->pixels[at] = colour;
}

/* Draws on a monitor, as its picture is before it is turned. With `moved` it is told as something that was moved there. */
EXPORT void stand_in_fill(UINT number, LONG left, LONG top, LONG right, LONG bottom, UINT colour, BOOL moved) {
    struct monitor *monitor = &monitors[number];
    for (LONG y = top; y < bottom; y++)
        for (LONG x = left; x < right; x++) monitor->pixels[y * monitor->width + x] = colour;
    RECT rect = {left, top, right, bottom};
    if (moved) {
        monitor->moved = rect;
        monitor->moves = TRUE;
    } else if (monitor->dirty_count < RECTS) {
        monitor->dirty[monitor->dirty_count++] = rect;
    }
    monitor->presents = TRUE;
}

/* The next frame that is asked for is refused. */
EXPORT void stand_in_lose(HRESULT code) { next_frame = code; }

/* Duplication is refused so many times. */
EXPORT void stand_in_refuse(HRESULT code, UINT times) {
    refusal = code;
    refusals = times;
}

/* Pictures have another format or width than they should, or the first does not come. */
EXPORT void stand_in_wrong(UINT format, UINT width, BOOL nothing) {
    wrong_format = format;
    wrong_width = width;
    nothing_first = nothing;
}

/* Another pointer. */
EXPORT void stand_in_pointer(UINT kind, UINT width, UINT height, UINT pitch, const BYTE *bytes, UINT length, BOOL shown) {
    pointer.Type = kind;
    pointer.Width = width;
    pointer.Height = height;
    pointer.Pitch = pitch;
    pointer.HotSpot.x = 1;
    pointer.HotSpot.y = 2;
    pointer_length = length;
    if (length > 0 && length <= sizeof pointer_bytes) memcpy(pointer_bytes, bytes, length);
    pointer_shown = shown;
    pointer_new = TRUE;
}

/* How many of its objects somebody still has. */
EXPORT LONG stand_in_alive(void) { return alive; }
