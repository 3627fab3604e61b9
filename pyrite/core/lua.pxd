from libc.stddef cimport ptrdiff_t, size_t

cdef extern from "<dlfcn.h>" nogil:
    void* dlopen(const char* path, int flags)
    void* dlsym(void* library, const char* name)
    int RTLD_NOW
    int RTLD_LOCAL

cdef enum:
    LUA_REGISTRY = -10000
    LUA_GLOBALS = -10002
    LUA_UPVALUES = -10002       # the n-th upvalue of the running C function is at this minus n
    LUA_ALL_RESULTS = -1

cdef enum:
    LUA_NONE = -1
    LUA_NIL = 0
    LUA_BOOLEAN = 1
    LUA_LIGHT_USERDATA = 2
    LUA_NUMBER = 3
    LUA_STRING = 4
    LUA_TABLE = 5
    LUA_FUNCTION = 6

cdef enum:
    LUA_HOOK_LINE = 4
    LUA_HOOK_COUNT = 8
    LUA_GC_COLLECT = 2
    LUA_GC_COUNT = 3
    LUA_GC_COUNT_REST = 4
    LUA_GC_STEP = 5
    LUA_YIELDED = 1

cdef struct LuaState:
    int unused              # Lua's own, seen from outside only through its functions

cdef struct LuaDebug:
    # lua_Debug of Lua 5.1
    int event
    const char* name
    const char* namewhat
    const char* what
    const char* source
    int currentline
    int nups
    int linedefined
    int lastlinedefined
    char short_src[60]
    int i_ci

cdef struct LuaMemory:
    size_t used
    size_t limit            # an allocation that would go past it fails, which Lua makes an error of

ctypedef int (*LuaFunction)(LuaState* L) noexcept
ctypedef void (*LuaHook)(LuaState* L, LuaDebug* at) noexcept
ctypedef void* (*LuaAllocator)(void* context, void* p, size_t old_size, size_t size) noexcept nogil
ctypedef const char* (*LuaReader)(LuaState* L, void* context, size_t* n) noexcept

cdef struct LuaApi:
    # Lua's C API without the prefix `lua_`; what begins with L_ has the prefix `luaL_`. In the order of API_NAMES.
    LuaState* (*newstate)(LuaAllocator allocator, void* context) noexcept nogil
    void (*close)(LuaState* L) noexcept nogil
    int (*gettop)(LuaState* L) noexcept nogil
    void (*settop)(LuaState* L, int at) noexcept nogil
    void (*pushvalue)(LuaState* L, int at) noexcept nogil
    void (*remove)(LuaState* L, int at) noexcept nogil
    void (*insert)(LuaState* L, int at) noexcept nogil
    void (*replace)(LuaState* L, int at) noexcept nogil
    int (*checkstack)(LuaState* L, int more) noexcept nogil
    int (*type)(LuaState* L, int at) noexcept nogil
    int (*isnumber)(LuaState* L, int at) noexcept nogil
    int (*isstring)(LuaState* L, int at) noexcept nogil
    int (*iscfunction)(LuaState* L, int at) noexcept nogil
    double (*tonumber)(LuaState* L, int at) noexcept nogil
    int (*toboolean)(LuaState* L, int at) noexcept nogil
    const char* (*tolstring)(LuaState* L, int at, size_t* n) noexcept nogil
    size_t (*objlen)(LuaState* L, int at) noexcept nogil
    void* (*touserdata)(LuaState* L, int at) noexcept nogil
    LuaFunction (*tocfunction)(LuaState* L, int at) noexcept nogil
    void (*pushnil)(LuaState* L) noexcept nogil
    void (*pushnumber)(LuaState* L, double v) noexcept nogil
    void (*pushlstring)(LuaState* L, const char* p, size_t n) noexcept nogil
    void (*pushstring)(LuaState* L, const char* text) noexcept nogil
    void (*pushcclosure)(LuaState* L, LuaFunction function, int upvalues) noexcept nogil
    void (*pushboolean)(LuaState* L, int v) noexcept nogil
    void (*pushlightuserdata)(LuaState* L, void* p) noexcept nogil
    void (*gettable)(LuaState* L, int at) noexcept nogil
    void (*getfield)(LuaState* L, int at, const char* name) noexcept nogil
    void (*rawget)(LuaState* L, int at) noexcept nogil
    void (*rawgeti)(LuaState* L, int at, int i) noexcept nogil
    void (*createtable)(LuaState* L, int items, int fields) noexcept nogil
    void* (*newuserdata)(LuaState* L, size_t size) noexcept nogil
    int (*getmetatable)(LuaState* L, int at) noexcept nogil
    void (*getfenv)(LuaState* L, int at) noexcept nogil
    void (*setfield)(LuaState* L, int at, const char* name) noexcept nogil
    void (*settable)(LuaState* L, int at) noexcept nogil
    void (*rawset)(LuaState* L, int at) noexcept nogil
    void (*rawseti)(LuaState* L, int at, int i) noexcept nogil
    int (*setmetatable)(LuaState* L, int at) noexcept nogil
    int (*setfenv)(LuaState* L, int at) noexcept nogil
    void (*call)(LuaState* L, int arguments, int results) noexcept nogil
    int (*pcall)(LuaState* L, int arguments, int results, int handler) noexcept nogil
    int (*cpcall)(LuaState* L, LuaFunction function, void* context) noexcept nogil
    int (*load)(LuaState* L, LuaReader reader, void* context, const char* name) noexcept nogil
    int (*next)(LuaState* L, int at) noexcept nogil
    void (*concat)(LuaState* L, int n) noexcept nogil
    int (*error)(LuaState* L) noexcept nogil
    int (*gc)(LuaState* L, int what, int data) noexcept nogil
    int (*sethook)(LuaState* L, LuaHook hook, int mask, int count) noexcept nogil
    int (*getstack)(LuaState* L, int level, LuaDebug* at) noexcept nogil
    int (*getinfo)(LuaState* L, const char* what, LuaDebug* at) noexcept nogil
    double (*L_checknumber)(LuaState* L, int at) noexcept nogil
    ptrdiff_t (*L_checkinteger)(LuaState* L, int at) noexcept nogil
    ptrdiff_t (*L_optinteger)(LuaState* L, int at, ptrdiff_t default) noexcept nogil
    const char* (*L_checklstring)(LuaState* L, int at, size_t* n) noexcept nogil
    const char* (*L_optlstring)(LuaState* L, int at, const char* default, size_t* n) noexcept nogil
    void (*L_checktype)(LuaState* L, int at, int type) noexcept nogil
    void (*L_checkany)(LuaState* L, int at) noexcept nogil
    void (*L_checkstack)(LuaState* L, int more, const char* what) noexcept nogil
    int (*L_getmetafield)(LuaState* L, int at, const char* name) noexcept nogil
    int (*L_argerror)(LuaState* L, int at, const char* text) noexcept nogil
    int (*L_typerror)(LuaState* L, int at, const char* expected) noexcept nogil
    void (*L_where)(LuaState* L, int level) noexcept nogil
    int (*L_ref)(LuaState* L, int table) noexcept nogil
    void (*L_unref)(LuaState* L, int table, int ref) noexcept nogil
    int (*open_base)(LuaState* L) noexcept
    int (*open_table)(LuaState* L) noexcept
    int (*open_string)(LuaState* L) noexcept
    int (*open_math)(LuaState* L) noexcept

cdef LuaApi lua

cdef struct Source:
    # What a reader of `lua_compile` has still to hand out
    const char* p
    size_t n

cdef LuaState* lua_new(LuaMemory* memory) noexcept nogil
cdef void lua_pop(LuaState* L, int n) noexcept nogil
cdef void lua_push(LuaState* L, LuaFunction function) noexcept nogil
cdef int lua_fail(LuaState* L, const char* text) noexcept nogil
cdef int lua_fail_here(LuaState* L, const char* text) noexcept nogil
cdef int lua_compile(LuaState* L, const char* p, size_t n, const char* name) noexcept nogil
cdef void lua_set_function(LuaState* L, const char* name, LuaFunction function) noexcept nogil
cdef void lua_set_number(LuaState* L, const char* name, double v) noexcept nogil
cdef void lua_set_string(LuaState* L, const char* name, const char* text) noexcept nogil

cdef enum:
    BUFFER_KEPT = 65536         # a larger buffer is freed when the script has run
    BUFFER_MAX = 0x40000000
    BUFFERS_MAX = 8             # so many libraries have buffers
    SOURCE_MAX = 0x20000000     # bytes of code: Lua 5.1 counts parts of it in 32 bits

cdef struct LuaBuffer:
    # Bytes that a library puts together. One for each library, kept between calls: an error may leave any of them.
    char* p
    size_t n
    size_t capacity

cdef void lua_buffer_start(LuaBuffer* b) noexcept nogil
cdef void lua_buffers_release() noexcept nogil
cdef void lua_buffer_grow(LuaState* L, LuaBuffer* b, size_t more) noexcept nogil
cdef void lua_buffer_put(LuaState* L, LuaBuffer* b, const char* p, size_t n) noexcept nogil
cdef void lua_buffer_byte(LuaState* L, LuaBuffer* b, char c) noexcept nogil
